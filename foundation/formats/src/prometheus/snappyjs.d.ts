declare module 'snappyjs' {
  /** The block format of Snappy. */
  export function compress(uncompressed: Uint8Array): Uint8Array;
  export function uncompress(compressed: Uint8Array): Uint8Array;
}
