// JSON that the build has compressed, as many servers compress nothing.
export async function packed(url, cache = "default") {
  const response = await fetch(url, { cache });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b; // a server may have undone it
  const stream = new Blob([bytes]).stream();
  return new Response(zipped ? stream.pipeThrough(new DecompressionStream("gzip")) : stream).json();
}
