import OpenAI from 'openai'
import { apolloClient } from './apollo-client.ts'
import { behaviours } from './behaviours/all.ts'
import { createScene, type Stage } from './scene.ts'
import { urqlClient } from './urql-client.ts'

const factories = { apollo: apolloClient, urql: urqlClient }

/** What the test calls in the page: runs one behaviour and gives back what came out. */
async function runBehaviour(input: {
  client: keyof typeof factories
  name: string
  endpoint: { url: string; key: string }
}): Promise<unknown> {
  const behaviour = behaviours.find(({ name }) => name === input.name)
  if (!behaviour) throw new Error(`there is no behaviour ${input.name}`)
  return behaviour.run(createScene(factories[input.client], input.endpoint, remoteStage()))
}

/** OpenAI's own SDK in a page, which sends headers of its own. */
async function askOpenai(baseURL: string, apiKey: string): Promise<unknown> {
  const client = new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true })
  const completion = client.chat.completions.create({
    model: 'openai/gpt-4o',
    messages: [{ role: 'user', content: 'hello' }],
  })
  const { data, response } = await completion.withResponse()
  return {
    content: data.choices[0]?.message.content,
    model: response.headers.get('x-xrouter-model'),
  }
}

/** The stage of the test, through the function that it has put into the page. */
function remoteStage(): Stage {
  const call = (name: keyof Stage) => (argument?: unknown) =>
    inPage().callStage(name, argument) as Promise<never>
  return {
    hold: call('hold'),
    say: call('say'),
    finish: call('finish'),
    breakOff: call('breakOff'),
    left: call('left'),
    refuse: call('refuse'),
    cut: call('cut'),
    callerKey: call('callerKey'),
  }
}

interface InPage {
  callStage: (name: string, argument: unknown) => Promise<unknown>
  runBehaviour: typeof runBehaviour
  askOpenai: typeof askOpenai
}

/** The test has put `callStage` there before the page was opened. */
function inPage(): InPage {
  return globalThis as unknown as InPage
}

Object.assign(inPage(), { runBehaviour, askOpenai })
