import OpenAI from 'openai'

/** The text of an answer, over the OpenAI-compatible door. */
export async function askOpenai(
  { url, key }: { url: string; key: string },
  { model, prompt }: { model: string; prompt: string },
): Promise<string> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key })
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: prompt }],
    stream: true,
  })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  return text
}
