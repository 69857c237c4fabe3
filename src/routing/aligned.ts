/**
 * Looks values up that stand in the order of their keys. Asked in that order, as strategies are, each
 * look is one comparison; in any other one it searches.
 *
 * @returns undefined for an unknown key
 */
export function aligned<Key, Value>(
  keys: readonly Key[],
  values: ArrayLike<Value>,
): (key: Key) => Value | undefined {
  let next = 0
  return (key) => {
    if (keys[next] !== key) next = keys.indexOf(key)
    return values[next++]
  }
}
