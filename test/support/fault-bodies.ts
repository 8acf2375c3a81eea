import type { Fault } from './fault.ts'
import type { Exchange } from './simulators/exchange.ts'
import {
  afterFrames,
  errorFrameAfter,
  garbage,
  htmlErrorPage,
  malformedFrameAfter,
  oversizedLine,
  truncateAfter,
  wrongContentType,
} from './simulators/faults.ts'

const failure = 'PROVIDER_ERROR'
const truncated = 'UPSTREAM_TRUNCATED'

/** The answer is there, but it is not what was promised. */
export const bodies: Fault[] = [
  {
    name: 'truncated',
    before: truncateAfter(1),
    after: truncateAfter(4),
    code: truncated,
    jsonCode: failure,
    upstreamStatus: 200,
  },
  {
    name: 'terminator alone',
    mode: 'stream',
    before: (exchange) => {
      exchange.done()
      exchange.end()
    },
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'empty body',
    before: (exchange) => exchange.text(200, ''),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'empty stream',
    mode: 'stream',
    before: afterFrames(0, (exchange) => exchange.end()),
    code: truncated,
    upstreamStatus: 200,
  },
  {
    name: 'garbage',
    before: garbage(),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'garbage in mid-stream',
    mode: 'stream',
    before: garbage(),
    after: afterFrames(4, (exchange) => {
      exchange.write('data: \u0000\u001F}{][\n\n<!')
      exchange.end()
    }),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'malformed frame',
    mode: 'stream',
    before: malformedFrameAfter(1),
    after: malformedFrameAfter(4),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'wrong content type',
    mode: 'stream',
    before: wrongContentType(),
    code: failure,
    says: /no valid JSON \(content-type application\/octet-stream\)/,
    upstreamStatus: 200,
  },
  {
    name: 'wrong content type, whole JSON',
    mode: 'json',
    before: wrongContentType('text/plain'),
    code: 'none',
    upstreamStatus: 200,
  },
  {
    name: 'oversized line',
    mode: 'stream',
    before: oversizedLine(5 * 1024 ** 2),
    after: afterFrames(4, oversizedLine(5 * 1024 ** 2)),
    code: failure,
    says: /more than 4194304 characters/,
    upstreamStatus: 200,
  },
  {
    name: 'oversized event of short lines',
    mode: 'stream',
    before: endlessEvent,
    after: afterFrames(4, endlessEvent),
    code: failure,
    says: /more than 4194304 characters/,
    upstreamStatus: 200,
  },
  {
    name: 'oversized JSON',
    mode: 'json',
    before: (exchange) => exchange.text(200, ' '.repeat(65 * 1024 ** 2)),
    code: failure,
    says: /more than 67108864 bytes/,
    upstreamStatus: 200,
  },
  {
    name: 'status 200, HTML page',
    before: htmlErrorPage(200),
    code: failure,
    says: /no valid JSON \(content-type text\/html\)/,
    upstreamStatus: 200,
  },
  {
    name: 'error frame',
    mode: 'stream',
    before: errorFrameAfter(1),
    after: errorFrameAfter(4),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'status 200, JSON error',
    before: (exchange) => exchange.json(200, exchange.provider.errorBody(500)),
    code: failure,
    upstreamStatus: 200,
  },
]

/** An event that never closes, though each of its lines does. */
async function endlessEvent(exchange: Exchange): Promise<void> {
  const lines = `data: ${'x'.repeat(120)}\n`.repeat(512)
  for (let bytes = 0; bytes < 6 * 1024 ** 2 && !exchange.gone; bytes += lines.length) {
    exchange.write(lines)
    await exchange.flushed()
  }
  exchange.end()
}
