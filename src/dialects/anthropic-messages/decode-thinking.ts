import { z } from 'zod'
import type { ChatRequest } from '../../protocol/request.ts'
import { check } from '../openai-chat/check.ts'

export interface DecodedThinking {
  members: Pick<ChatRequest, 'reasoningEffort' | 'reasoningBudgetTokens' | 'reasoningSummary'>
  spellings: Record<string, string>
}

/** How much is thought, in our words, and beside them the client's own form of it. */
export function decodeThinking(
  raw: unknown,
  config: { effort?: string | null | undefined } | null | undefined,
): DecodedThinking {
  const effort = config?.effort ?? undefined
  const members: DecodedThinking['members'] = {}
  const spellings: Record<string, string> = {}
  if (effort !== undefined) members.reasoningEffort = effort
  if (raw === undefined || raw === null) return { members, spellings }
  const thinking = check(thinkingSchema, raw, 'thinking')
  spellings['thinking'] = thinking.type
  if (thinking.type === 'disabled') {
    members.reasoningEffort = 'none'
    if (effort !== undefined) spellings['effort'] = effort
    return { members, spellings }
  }
  if (thinking.type === 'enabled') members.reasoningBudgetTokens = thinking.budget_tokens
  if (thinking.display != null) {
    members.reasoningSummary = thinking.display === 'omitted' ? 'omitted' : 'auto'
  }
  return { members, spellings }
}

const display = z.enum(['summarized', 'omitted']).nullish()

const thinkingSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1024), display }),
  z.strictObject({ type: z.literal('adaptive'), display }),
  z.strictObject({ type: z.literal('disabled') }),
])
