/** What the phone keeps: entries to be sent, in IndexedDB. Small promises around the browser's callbacks. */

const NAME = "gridcommand-phone";
const STORE = "outbox";
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const ask = indexedDB.open(NAME, 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore(STORE, { keyPath: "id" });
    ask.onsuccess = () => resolve(ask.result);
    ask.onerror = () => reject(ask.error);
  });
  return opened;
}

async function run(mode, deed) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const ask = deed(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(ask.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** Resolves when the entry is on disk. */
export const put = (entry) => run("readwrite", (store) => store.put(entry));
export const remove = (id) => run("readwrite", (store) => store.delete(id));

/** All entries of an account, oldest first: what somebody else left on this phone is not sent in another's name. */
export async function all(owner) {
  const entries = await run("readonly", (store) => store.getAll());
  return entries.filter((entry) => entry.owner === owner).sort((a, b) => a.at - b.at);
}
