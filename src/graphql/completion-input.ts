import { builder } from './builder.ts'
import { RoutingInput } from './routing-input.ts'

const MessageRole = builder.enumType('MessageRole', {
  description: 'Who speaks.',
  values: {
    SYSTEM: { value: 'system', description: 'Instructions for the whole conversation.' },
    DEVELOPER: { value: 'developer', description: "Instructions, in newer models' word." },
    USER: { value: 'user', description: 'The person or program that asks.' },
    ASSISTANT: { value: 'assistant', description: 'The model.' },
    TOOL: { value: 'tool', description: 'The result of a tool call.' },
  } as const,
})

const ImagePartInput = builder.inputType('ImagePartInput', {
  description: 'An image to read.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'An https: or a data: URL.' }),
    detail: t.string({ description: 'How closely to look: `low`, `high` or `auto`.' }),
  }),
})

const FilePartInput = builder.inputType('FilePartInput', {
  description: 'A file to read.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'An https: or a data: URL.' }),
    mediaType: t.string({ required: true, description: 'As `application/pdf`.' }),
    name: t.string({ description: 'The name of the file.' }),
  }),
})

const SignatureInput = builder.inputType('SignatureInput', {
  description: 'A `Signature` of an earlier answer, sent back.',
  fields: (t) => ({
    dialect: t.string({ required: true, description: 'The wire format that it belongs to.' }),
    value: t.string({ required: true, description: 'The opaque text.' }),
  }),
})

const TextPartInput = builder.inputType('TextPartInput', {
  description: 'A `TextPart` of an earlier answer, sent back with its signature.',
  fields: (t) => ({
    text: t.string({ required: true, description: 'The text.' }),
    signature: t.field({ type: SignatureInput, description: 'Its signature.' }),
  }),
})

const ReasoningPartInput = builder.inputType('ReasoningPartInput', {
  description: 'A `ReasoningPart` of an earlier answer, sent back.',
  fields: (t) => ({
    text: t.string({ required: true, description: 'The text, perhaps empty.' }),
    signature: t.field({ type: SignatureInput, description: 'Its signature.' }),
    sealed: t.field({ type: SignatureInput, description: 'Its sealed reasoning.' }),
  }),
})

const NativePartInput = builder.inputType('NativePartInput', {
  description:
    'A `NativePart` of an earlier answer, sent back; only providers of its dialect take it.',
  fields: (t) => ({
    dialect: t.string({ required: true, description: 'The wire format.' }),
    part: t.field({ type: 'JSON', required: true, description: 'The part as it came, an object.' }),
  }),
})

const CacheMarkInput = builder.inputType('CacheMarkInput', {
  description: "A wish that the provider's cache keeps the prompt up to this place.",
  fields: (t) => ({
    ttl: t.string({
      description: 'How long, as `5m` or `1h`; the default of the provider unless told.',
    }),
  }),
})

const ContentPartInput = builder.inputType('ContentPartInput', {
  description: 'One piece of a message.',
  isOneOf: true,
  fields: (t) => ({
    text: t.string({ description: 'Text.' }),
    image: t.field({ type: ImagePartInput, description: 'An image.' }),
    file: t.field({ type: FilePartInput, description: 'A file.' }),
    imageId: t.id({ description: 'An image by the id that its provider gave it.' }),
    fileId: t.id({ description: 'A file by the id that its provider gave it.' }),
    signedText: t.field({ type: TextPartInput, description: 'Text of an earlier answer.' }),
    reasoning: t.field({
      type: ReasoningPartInput,
      description: 'What the assistant thought, sent back.',
    }),
    toolCall: t.int({
      description: 'The place of one of the `toolCalls` among the parts, by its index.',
    }),
    native: t.field({ type: NativePartInput, description: 'A part that only one dialect knows.' }),
  }),
})

const ToolCallInput = builder.inputType('ToolCallInput', {
  description: 'A tool call of an earlier answer, sent back.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id that the model gave it.' }),
    name: t.string({ required: true, description: 'The name of the tool.' }),
    arguments: t.field({
      type: 'JSON',
      required: true,
      description: 'The string of JSON that the model wrote, or the object it stands for.',
    }),
    signature: t.field({ type: SignatureInput, description: 'Its signature.' }),
  }),
})

const MessageInput = builder.inputType('MessageInput', {
  description: 'One turn of the conversation.',
  fields: (t) => ({
    role: t.field({ type: MessageRole, required: true, description: 'Who speaks.' }),
    content: t.string({ description: 'The text; either this or `parts`.' }),
    parts: t.field({
      type: [ContentPartInput],
      description: 'The pieces in order; either this or `content`.',
    }),
    name: t.string({ description: "The participant's name." }),
    toolCalls: t.field({
      type: [ToolCallInput],
      description: 'The tools that the assistant called in this turn.',
    }),
    toolCallId: t.id({ description: 'The call that a tool turn answers.' }),
    isError: t.boolean({ description: 'Whether a tool turn reports that the tool failed.' }),
    cache: t.field({
      type: CacheMarkInput,
      description: "Keep the prompt up to the end of this turn in the provider's cache.",
    }),
  }),
})

const ToolInput = builder.inputType('ToolInput', {
  description: 'A function that the model may call.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name.' }),
    description: t.string({ description: 'What it does and when to call it.' }),
    parameters: t.field({ type: 'JSON', description: 'JSON Schema of its arguments, an object.' }),
    strict: t.boolean({ description: 'Whether the arguments must follow the schema exactly.' }),
    cache: t.field({
      type: CacheMarkInput,
      description: "Keep the tools up to this one in the provider's cache.",
    }),
  }),
})

const CacheMode = builder.enumType('CacheMode', {
  description: 'Whether the cache of answers is used for a request.',
  values: {
    ON: { value: 'on', description: 'Yes, also where it is used only on request.' },
    OFF: { value: 'off', description: 'No, as if there were none.' },
  } as const,
})

const CacheInput = builder.inputType('CacheInput', {
  description: 'What to do with kept answers to equal requests, where the organisation keeps them.',
  fields: (t) => ({
    mode: t.field({ type: CacheMode, description: 'Whether it is used.' }),
    noCache: t.boolean({ description: 'A fresh answer, which is kept.' }),
    noStore: t.boolean({ description: 'The answer is not kept.' }),
    maxAgeSeconds: t.float({ description: 'No answer that is older.' }),
    onlyIfCached: t.boolean({ description: 'No answer but a kept one; else NOT_CACHED.' }),
    ttlSeconds: t.float({ description: 'How long the answer is kept.' }),
    namespace: t.string({ description: 'Answers of one namespace are not given in another.' }),
    tools: t.boolean({ description: 'Whether a request with tools is cached, too.' }),
  }),
})

export const CompletionInput = builder.inputType('CompletionInput', {
  description: 'A completion to make.',
  fields: (t) => ({
    model: t.string({
      required: true,
      description:
        '`provider/model`, a virtual model, an alias, or a name that only one provider offers.',
    }),
    messages: t.field({
      type: [MessageInput],
      required: true,
      description: 'The conversation, oldest first.',
    }),
    temperature: t.float({ description: 'Randomness, from 0 to 2.' }),
    topK: t.int({ description: 'Only the so many likeliest tokens are drawn from.' }),
    frequencyPenalty: t.float({ description: 'Against words used often, from -2 to 2.' }),
    presencePenalty: t.float({ description: 'Against words used at all, from -2 to 2.' }),
    topP: t.float({ description: 'Nucleus sampling, from 0 to 1.' }),
    maxTokens: t.int({ description: 'The most tokens to generate, reasoning included.' }),
    stop: t.stringList({ description: 'Texts before which the answer ends.' }),
    seed: t.int({ description: 'For answers that can be repeated, where the model supports it.' }),
    choices: t.int({ description: 'How many answers to make; 1 unless told.' }),
    tools: t.field({ type: [ToolInput], description: 'What the model may call.' }),
    toolChoice: t.field({
      type: 'JSON',
      description: '`"none"`, `"auto"`, `"required"` or `{name: "…"}` of the tool to call.',
    }),
    parallelToolCalls: t.boolean({ description: 'Whether one answer may call several tools.' }),
    responseFormat: t.field({
      type: 'JSON',
      description:
        'In OpenAI\'s form: `{type: "text"}`, `{type: "json_object"}` or `{type: "json_schema", json_schema: {name, schema}}`.',
    }),
    reasoningEffort: t.string({
      description: "The provider's word for how long to think, as `low`, `medium`, `high`.",
    }),
    reasoningBudgetTokens: t.int({ description: 'The most tokens to spend on reasoning.' }),
    reasoningSummary: t.string({
      description: 'How much of the reasoning is shown: `auto`, `concise`, `detailed`, `omitted`.',
    }),
    endUser: t.string({ description: 'Your own stable name for the person behind the request.' }),
    logprobs: t.boolean({ description: 'Whether the provider computes log probabilities.' }),
    topLogprobs: t.int({ description: 'Alternatives per token, 0 to 20; only with `logprobs`.' }),
    fallbacks: t.stringList({ description: 'Models to try in turn when `model` fails.' }),
    routing: t.field({ type: RoutingInput, description: 'Where the request may go.' }),
    tags: t.field({
      type: 'JSON',
      description: 'Your own labels for the log: an object of strings, numbers and booleans.',
    }),
    cache: t.field({ type: CacheInput, description: 'What to do with kept answers.' }),
    passthrough: t.field({
      type: 'JSON',
      description: "Further members of OpenAI's request for providers of that dialect, an object.",
    }),
  }),
})
