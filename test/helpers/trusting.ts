import { createTransport } from "../../provider/api/transport";
import type { Trust } from "../../provider/config";
import { messageOf } from "../../provider/errors";

/** Run as a process: asks a server as a read and as an action are asked, and prints what became of each. */
async function main([endpoint = "", trust = "{}"]: string[]) {
  const transport = createTransport({ endpoint, trust: JSON.parse(trust) as Trust });
  const ask = async (repeatable: boolean) => {
    try {
      const { status, body } = await transport.send({ method: "GET", path: "/v3/Organizations", repeatable });
      body.resume();
      return `status ${status}`;
    } catch (error) {
      return messageOf(error);
    }
  };
  process.stdout.write(JSON.stringify({ read: await ask(true), action: await ask(false) }));
  transport.close();
}

void main(process.argv.slice(2));
