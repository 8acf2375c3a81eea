/** One server-sent frame; dialects that name their events give the name. */
export function sseFrame(data: unknown, event?: string): string {
  const text = `data: ${JSON.stringify(data)}\n\n`
  return event === undefined ? text : `event: ${event}\n${text}`
}
