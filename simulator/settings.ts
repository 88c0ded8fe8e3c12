/** How a stack's configuration and a process's environment name what a client needs. */
const names = [
  ["endpoint", "VB365_ENDPOINT"],
  ["username", "VB365_USERNAME"],
  ["password", "VB365_PASSWORD"],
  ["caCert", "VB365_CA_CERT"],
  ["exchangeUserName", "VB365_EXCHANGE_USER_NAME"],
  ["exchangeUserPassword", "VB365_EXCHANGE_USER_PASSWORD"],
] as const;

const secrets: readonly string[] = ["password", "exchangeUserPassword"];

/** A server, as a client has to know it. */
interface Server {
  endpoint: string;
  username: string;
  password: string;
  caCert: string;
  exchange: { userName: string; userPassword: string };
}

/** What configures a client for this server, in the two ways in which a client is configured. */
export function settingsOf({ endpoint, username, password, caCert, exchange }: Server): {
  stackConfig: Readonly<Record<string, { value: string; secret?: boolean }>>;
  environment: Readonly<Record<string, string>>;
} {
  const { userName: exchangeUserName, userPassword: exchangeUserPassword } = exchange;
  const values = { endpoint, username, password, caCert, exchangeUserName, exchangeUserPassword };
  const config = names.map(([key]) => [
    `vb365:${key}`,
    { value: values[key], ...(secrets.includes(key) ? { secret: true } : {}) },
  ]);
  return {
    stackConfig: Object.fromEntries(config) as Record<string, { value: string; secret?: boolean }>,
    environment: Object.fromEntries(names.map(([key, variable]) => [variable, values[key]])),
  };
}
