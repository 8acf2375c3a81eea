/** The name under which raw usage of this wire is kept. */
export const yandex = 'yandex'
