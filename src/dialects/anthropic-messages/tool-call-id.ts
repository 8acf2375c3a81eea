/** The id of a call on this wire, which knows letters, digits, `_` and `-` only; deprecated calls have none. */
export function encodeCallId(id: string, name: string): string {
  return id === '' ? `call_${plain(name)}` : plain(id)
}

function plain(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '_')
}
