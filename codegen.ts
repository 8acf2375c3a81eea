import type { CodegenConfig } from '@graphql-codegen/cli'
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset'

const common = {
  useTypeImports: true,
  importExtension: '.ts',
  strictScalars: true,
  scalars: { BigInt: 'string', DateTime: 'string', JSON: 'unknown' },
}

const config: CodegenConfig = {
  schema: 'schema.graphql',
  ignoreNoDocuments: true,
  generates: {
    'test/gql/': {
      documents: ['test/graphql/**/*.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { ...common, documentMode: 'string' },
    },
    // Clients with a cache read the document itself, and ask for every `__typename`.
    'test/clients/gql/': {
      documents: ['test/clients/documents.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: common,
    },
    'test/clients/gql/cache.ts': { plugins: ['./scripts/cache-config-plugin.ts'] },
  },
}

export default config
