/**
 * Colours from dark to light for numbers from 0 to 1: the lightness alone tells their order, in
 * black and white, too. The anchors are of the map "cividis" (Nuñez et al. 2018), made for eyes
 * that do not tell red from green.
 */
const ANCHORS = [
  [0, 32, 76], [0, 48, 111], [57, 72, 107], [87, 93, 109], [112, 113, 115], [138, 134, 120],
  [165, 156, 116], [195, 179, 105], [225, 204, 85], [255, 234, 70],
];

/** @returns {number[]} red, green, blue from 0 to 255 */
export function colour(share) {
  const at = Math.min(1, Math.max(0, share)) * (ANCHORS.length - 1);
  const i = Math.min(ANCHORS.length - 2, Math.floor(at));
  return ANCHORS[i].map((low, k) => Math.round(low + (at - i) * (ANCHORS[i + 1][k] - low)));
}

/** Relative luminance from 0 to 1, as the WCAG defines it. */
export function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever stands out from a colour. */
export const standsOut = (rgb) => (luminance(rgb) > 0.179 ? '#000' : '#fff');
