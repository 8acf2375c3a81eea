/** The name under which signatures, own parts, extras and raw usage of this wire are kept. */
export const bedrockConverse = 'bedrock-converse'
