import { builder } from './builder.ts'
import './scalar.ts'
import './answer-cache.ts'
import './budget.ts'
import './completion.ts'
import './embedding.ts'
import './limit.ts'
import './model.ts'
import './provider.ts'
import './request.ts'
import './usage-report.ts'
import './viewer.ts'
import './webhook.ts'
import './webhook-delivery.ts'

builder.queryType({ description: 'What can be read.' })
builder.mutationType({ description: 'What can be done.' })
builder.subscriptionType({ description: 'What can be followed while it happens.' })

export const schema = builder.toSchema()
