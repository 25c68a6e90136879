/** A key for one intention, the same while it is sent again. Works on pages over plain http, which have no `randomUUID`. */
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
