import type { Annotation as AnnotationValue, TokenLogprob as Token } from '../protocol/event.ts'
import type { Signature as SignatureValue, ToolCall as Call } from '../protocol/request.ts'
import type {
  ResponseChoice,
  ResponseReasoning,
  ResponseRefusal,
  ResponseText,
} from '../protocol/response.ts'
import { builder } from './builder.ts'

export interface ToolCallValue extends Pick<Call, 'id' | 'name' | 'arguments' | 'signature'> {
  index: number
}

type PartValue =
  | ResponseText
  | ResponseReasoning
  | ResponseRefusal
  | { type: 'tool-call'; call: ToolCallValue }
  | { type: 'native'; dialect: string; part: object }
type PartOf<Type extends PartValue['type']> = Extract<PartValue, { type: Type }>

const Signature = builder.objectRef<SignatureValue>('Signature').implement({
  description:
    'What a provider signed or sealed. Send it back as it is; only providers of its dialect read it.',
  fields: (t) => ({
    dialect: t.exposeString('dialect', { description: 'The wire format that it belongs to.' }),
    value: t.exposeString('value', { description: 'The opaque text.' }),
  }),
})

export const ToolCall = builder.objectRef<ToolCallValue>('ToolCall').implement({
  description: 'A tool that the model calls.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'What the answering tool message refers to.' }),
    index: t.exposeInt('index', { description: 'Its place in the answer, from 0.' }),
    name: t.exposeString('name', { description: 'The name of the tool.' }),
    arguments: t.exposeString('arguments', {
      description: 'A string of JSON as the model wrote it, perhaps invalid.',
    }),
    signature: t.expose('signature', {
      type: Signature,
      nullable: true,
      description: 'Proof of origin that goes back with the call.',
    }),
  }),
})

export const Annotation = builder.objectRef<AnnotationValue>('Annotation').implement({
  description: 'What stands behind a piece of text: a citation and the like.',
  fields: (t) => ({
    url: t.exposeString('url', { nullable: true, description: 'The source, where it is a page.' }),
    title: t.exposeString('title', { nullable: true, description: 'The title of the source.' }),
    startIndex: t.exposeInt('startIndex', {
      nullable: true,
      description: 'The first character of the text that it is about.',
    }),
    endIndex: t.exposeInt('endIndex', {
      nullable: true,
      description: 'The first character after that text.',
    }),
    dialect: t.exposeString('dialect', { description: 'The wire format of `raw`.' }),
    raw: t.expose('raw', { type: 'JSON', description: 'The whole of it, as the provider has it.' }),
  }),
})

const TextPart = builder.objectRef<PartOf<'text'>>('TextPart').implement({
  description: 'A piece of text.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'The text.' }),
    annotations: t.field({
      type: [Annotation],
      description: 'What stands behind it.',
      complexity: { multiplier: 4 },
      resolve: ({ annotations }) => annotations ?? [],
    }),
    signature: t.expose('signature', {
      type: Signature,
      nullable: true,
      description: 'Proof of origin that goes back with the text.',
    }),
  }),
})

const ReasoningPart = builder.objectRef<PartOf<'reasoning'>>('ReasoningPart').implement({
  description: 'What the model thought before it went on.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'Empty where the provider shows none of it.' }),
    signature: t.expose('signature', {
      type: Signature,
      nullable: true,
      description: 'Proof of origin that goes back with the text.',
    }),
    sealed: t.expose('sealed', {
      type: Signature,
      nullable: true,
      description: 'Reasoning that only its provider reads; it goes back too.',
    }),
  }),
})

const RefusalPart = builder.objectRef<PartOf<'refusal'>>('RefusalPart').implement({
  description: 'Why the model refused.',
  fields: (t) => ({ text: t.exposeString('text', { description: 'Its words.' }) }),
})

const ToolCallPart = builder.objectRef<PartOf<'tool-call'>>('ToolCallPart').implement({
  description: 'The place of a tool call among the parts.',
  fields: (t) => ({ call: t.expose('call', { type: ToolCall, description: 'The call.' }) }),
})

const NativePart = builder.objectRef<PartOf<'native'>>('NativePart').implement({
  description:
    'A part that only its wire format knows, such as a search that the provider ran itself.',
  fields: (t) => ({
    dialect: t.exposeString('dialect', { description: 'The wire format.' }),
    part: t.expose('part', { type: 'JSON', description: 'The part as the provider sent it.' }),
  }),
})

const typeNames = {
  text: 'TextPart',
  reasoning: 'ReasoningPart',
  refusal: 'RefusalPart',
  'tool-call': 'ToolCallPart',
  native: 'NativePart',
} as const

export const AnswerPart = builder.unionType('AnswerPart', {
  description: 'One part of an answer.',
  types: [TextPart, ReasoningPart, RefusalPart, ToolCallPart, NativePart],
  resolveType: ({ type }) => typeNames[type],
})

const TokenLogprob = builder.objectRef<Omit<Token, 'topLogprobs'>>('TokenLogprob').implement({
  description: 'A token and how likely it was.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'Its text.' }),
    logprob: t.exposeFloat('logprob', { description: 'The natural logarithm of its probability.' }),
    bytes: t.exposeIntList('bytes', {
      nullable: true,
      description: 'Its UTF-8 bytes; null where it has none of its own.',
    }),
  }),
})

export const ChosenToken = builder.objectRef<Token>('ChosenToken').implement({
  description: 'A token of the answer, and what could have stood in its place.',
  fields: (t) => ({
    chosen: t.field({
      type: TokenLogprob,
      description: 'The token.',
      resolve: (token) => token,
    }),
    alternatives: t.expose('topLogprobs', {
      type: [TokenLogprob],
      description: 'The likeliest tokens at its place.',
      complexity: { multiplier: 5 },
    }),
  }),
})

/** The parts of a choice, each call with what is known of it. */
export function partsOf(choice: ResponseChoice): PartValue[] {
  const calls = toolCallsOf(choice)
  return choice.parts.flatMap((part): PartValue[] => {
    if (part.type !== 'tool-call') return [part]
    const call = calls[part.index]
    return call ? [{ type: 'tool-call', call }] : []
  })
}

export function toolCallsOf(choice: ResponseChoice): ToolCallValue[] {
  return choice.toolCalls.map(({ id, name, arguments: written, signature }, index) => ({
    id,
    index,
    name,
    arguments: written,
    signature,
  }))
}
