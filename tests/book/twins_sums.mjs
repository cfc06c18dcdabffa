// What the twins' modules compute, as JSON, for test_twins.py: twins_sums.mjs FOLDER
import { pathToFileURL } from "node:url";

const below = (name) => import(pathToFileURL(`${process.argv[2]}/${name}.js`));
const { choose, standing, toggled } = await below("subsets");
const { colour, luminance, standsOut } = await below("colours");
const { contour } = await below("contours");
const { short } = await below("words");

const values = Array.from({ length: 512 }, (_, subset) => (subset * 7919) % 101);
const grid = Array.from({ length: 6 }, (_, i) =>
  Array.from({ length: 6 }, (_, j) => 2 * i + 3 * j),
);
const shades = Array.from({ length: 101 }, (_, i) => colour(i / 100));
console.log(
  JSON.stringify({
    values,
    standings: values.map((_, subset) => standing(values, subset)),
    toggled: [toggled(0, 3), toggled(8, 3), toggled(9, 8)],
    chosen: Array.from({ length: 28 }, (_, k) => choose(27, k)),
    contour: contour(grid, 7.3),
    saddle: contour(
      [
        [1, 0],
        [0, 1],
      ],
      0.5,
    ),
    none: contour(grid, 100),
    shades,
    luminances: shades.map(luminance),
    lines: shades.map(standsOut),
    shown: [0, 0.00123456, 2.66e-5, 843.2, 1e5, 2e7, -12.3].map((n) => short(n)),
  }),
);
