import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  decodeGigachatV2Body,
  decodeGigachatV2Events,
} from '../../src/dialects/gigachat/v2-decode-events.ts'
import { encodeGigachatV2Request } from '../../src/dialects/gigachat/v2-encode-request.ts'
import { encodeMessagesAnswer } from '../../src/dialects/anthropic-messages/encode-answer.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatRequest, Message, Tool, ToolChoice } from '../../src/protocol/request.ts'
import { framesOf, requireServices, streamOf } from '../support/recorded.ts'

const folder = new URL('../../../shared/recorded/gigachat/cassettes/', import.meta.url)
const hasRecordings = existsSync(folder)

/** A format that no door has a word for: its answers are decoded, its requests cannot be made. */
const inexpressible = new Set(['test_primary_chat_regex_format.json #0'])
