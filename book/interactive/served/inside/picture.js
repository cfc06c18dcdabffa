/** A picture of the reader's own, as the net wants it. It stays in this page. */

const FINE = 16; // pixels, along one side, of which one of the net's is the mean

/** The largest square in the middle of a picture. */
export function middle(width, height) {
  const side = Math.min(width, height);
  return {left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side};
}

/**
 * A square picture made smaller: each pixel is the mean of `by` x `by`.
 * @param {Uint8ClampedArray} data red, green, blue, opacity; `side * by` pixels in a row
 * @returns {Uint8Array} red, green, blue; `side` pixels in a row
 */
export function averaged(data, side, by) {
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < pixels.length; i += 1) {
    const [row, column, of] = [Math.floor(i / 3 / side), Math.floor(i / 3) % side, i % 3];
    let sum = 0;
    for (let y = row * by; y < (row + 1) * by; y += 1) {
      for (let x = column * by; x < (column + 1) * by; x += 1) sum += data[4 * (y * side * by + x) + of];
    }
    pixels[i] = Math.round(sum / by / by);
  }
  return pixels;
}

/**
 * The middle of a picture, `side` x `side` pixels. What is transparent becomes white.
 * Throws an error for a file that is no picture.
 */
export async function read(file, side) {
  let picture;
  try {
    const whole = await createImageBitmap(file);
    const {left, top, side: own} = middle(whole.width, whole.height);
    // Cut before it is scaled, so that nothing from beyond the edge comes in.
    picture = await createImageBitmap(whole, left, top, own, own);
    whole.close();
  } catch {
    throw new Error('This browser cannot read that file as a picture. Choose a PNG, JPEG, GIF or WebP file.');
  }
  const canvas = document.createElement('canvas');
  canvas.width = side * FINE;
  canvas.height = side * FINE;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return averaged(context.getImageData(0, 0, canvas.width, canvas.height).data, side, FINE);
}
