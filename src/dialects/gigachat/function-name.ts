/** `web_search` is the service's own, and a name may not begin with a digit or a sign. */
const refused = /^(web_search$|[^A-Za-z_])/
const prefix = '__xr_'

/** A tool's name as the service takes it. */
export function encodeName(name: string): string {
  return refused.test(name) ? prefix + name : name
}

/** The client's own name of a tool. */
export function decodeName(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}
