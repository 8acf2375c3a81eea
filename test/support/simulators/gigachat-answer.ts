import { randomUUID } from 'node:crypto'
import type { GigachatFunction, GigachatRequest, V2Demands } from './gigachat-request.ts'
import { sampleOf } from './schema-sample.ts'
import { tokenize } from './tokens.ts'

/** A completion before it is put on the wire as JSON or frames. */
export interface GigachatAnswer {
  created: number
  /** With the build's number. */
  model: string
  reasoning: string
  text: string
  call: { name: string; arguments: unknown } | undefined
  functionsStateId: string | undefined
  ofV2: V2Demands | undefined
  finish: string
  tokens: { prompt: number; cached: number; completion: number }
}

/** What the service says where a topic is on its black list. */
export const cannedRefusal = 'Что-то в вашем вопросе меня смущает. Может, поговорим на другую тему?'

const build = '2.0.28.2'

/** The model repeats what it was told; tests steer it with "use NAME", "black list" and "bad call". */
export function gigachatAnswer(
  request: GigachatRequest,
  cachedTokens: (prompt: string[]) => number,
): GigachatAnswer {
  const prompt = promptTokens(request)
  const asked = request.messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const chosen = functionFor(request, asked)
  const said = chosen ? { text: '', finish: 'function_call' } : textFor(request, asked)
  const call = chosen && {
    name: chosen.name,
    arguments: sampleOf(chosen.parameters ?? { type: 'object' }),
  }
  const reasoning = request.reasoning_effort ? `Thinking about: ${asked}` : ''
  const written = call ? [call.name, ...tokenize(JSON.stringify(call.arguments))] : []
  return {
    created: Math.floor(Date.now() / 1000),
    model: `${request.model}:${build}`,
    reasoning,
    call,
    functionsStateId: call || request.ofV2?.used ? randomUUID() : undefined,
    ofV2: request.ofV2,
    ...said,
    tokens: {
      prompt: prompt.length,
      cached: cachedTokens(prompt),
      completion: tokenize(reasoning + said.text).length + written.length,
    },
  }
}

function textFor(request: GigachatRequest, asked: string): { text: string; finish: string } {
  if (/black list/i.test(asked)) return { text: cannedRefusal, finish: 'blacklist' }
  if (/bad call/i.test(asked)) return { text: '', finish: 'error' }
  const tokens = tokenize(wholeText(request, asked))
  const limit = request.max_tokens ?? tokens.length
  const finish = tokens.length > limit ? 'length' : 'stop'
  return { text: tokens.slice(0, limit).join(''), finish }
}

function wholeText(request: GigachatRequest, asked: string): string {
  const schema = request.response_format?.schema
  if (schema) return JSON.stringify(sampleOf(schema))
  const last = request.messages.at(-1)
  return last?.role === 'function'
    ? `The function ${last.name} said: ${last.content}`
    : `You said: ${asked}`
}

function functionFor(request: GigachatRequest, asked: string): GigachatFunction | undefined {
  const { functions = [], function_call: choice = 'none' } = request
  if (choice === 'none' || request.messages.at(-1)?.role === 'function') return undefined
  const name = choice === 'auto' ? /\buse\s+([\w.-]+)/i.exec(asked)?.[1] : choice.name
  return functions.find((each) => each.name === name || each.name === `__xr_${name}`)
}

function promptTokens({ messages, functions }: GigachatRequest): string[] {
  const told = messages.flatMap(({ role, content, function_call: call }) => [
    `<${role}>`,
    ...tokenize(content),
    ...(call ? tokenize(JSON.stringify(call)) : []),
  ])
  return [...(functions ? tokenize(JSON.stringify(functions)) : []), ...told]
}
