import { GatewayError } from '../errors.ts'
import type { Catalogue, CatalogueModel } from '../gateway/catalogue.ts'
import { visibleModel, visibleModels } from '../gateway/visible-models.ts'
import type { Actor } from '../protocol/actor.ts'
import { tokenClasses, tokenClassWords } from '../protocol/usage.ts'

/** `GET /v1/models`: OpenAI's list, and what is known of each model. */
export function listModels(catalogue: Catalogue, actor: Actor) {
  return { object: 'list', data: visibleModels(catalogue, actor).map(modelObject) }
}

/** `GET /v1/models/{id}`: by id, bare name or alias. */
export function retrieveModel(catalogue: Catalogue, actor: Actor, name: string) {
  const model = visibleModel(catalogue, actor, name)
  if (model) return modelObject(model)
  throw new GatewayError({
    code: 'MODEL_NOT_FOUND',
    message: `The model \`${name.slice(0, 200)}\` does not exist here. GET /v1/models lists what does.`,
    path: 'model',
  })
}

function modelObject(model: CatalogueModel) {
  const { price, virtual } = model
  return {
    id: model.id,
    object: 'model',
    created: 0,
    owned_by: model.provider,
    context_length: model.contextLength ?? null,
    max_output_tokens: model.maxOutputTokens ?? null,
    input_modalities: model.inputModalities ?? [],
    features: model.features ?? [],
    supported_parameters: model.supportedParameters ?? [],
    prices: tokenClasses.flatMap((tokenClass) => {
      const perMillion = price?.perMillion[tokenClass]
      if (!price || perMillion === undefined) return []
      const token_class = tokenClassWords[tokenClass]
      const { currency, source } = price
      return [{ token_class, currency, per_million: perMillion, source }]
    }),
    ...(virtual && { strategy: virtual.strategy, deployments: virtual.models }),
  }
}
