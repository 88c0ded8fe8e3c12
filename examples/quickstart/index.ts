import * as vb365 from "pulumi-vb365";

// Where the mail comes from: the last backup of one organisation. Server and accounts are in the stack's configuration.
const backup = { organization: "contoso.example", pointInTime: "latest" };

/** Exported as a function, so that the same program runs under `pulumi up` and inside the Automation API. */
export = async function quickstart() {
  const finance = new vb365.MailboxRestore("finance-to-pst", {
    ...backup,
    mailbox: { email: "finance@contoso.example" },
    exportToPst: { path: "exports/finance.pst" },
  });

  const sales = new vb365.MailboxRestore("sales-in-place", {
    ...backup,
    mailbox: { email: "sales@contoso.example" },
    restoreToOriginalLocation: {},
    // Writing into a production mailbox needs its name said twice.
    confirmInPlace: "sales@contoso.example",
  });

  const legal = new vb365.MailboxRestore("legal-to-support", {
    ...backup,
    mailbox: { email: "legal@contoso.example" },
    restoreTo: { mailbox: "support@contoso.example", excludeDrafts: true },
  });

  return {
    finance: resultOf("exportToPst", finance),
    sales: resultOf("restoreToOriginalLocation", sales),
    legal: resultOf("restoreTo", legal),
  };
};

function resultOf(action: string, restore: vb365.MailboxRestore) {
  const { mailboxEmail, outcome, counts, durationSeconds, pst } = restore;
  return { mailbox: mailboxEmail, action, outcome, counts, durationSeconds, pst };
}
