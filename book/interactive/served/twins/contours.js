/** Lines of equal height through a grid of numbers, by marching squares. */

/** The edges that a line crosses in a cell, by which corners are above it: 1, 2, 4, 8 are
 * lower left, lower right, upper right, upper left; edges 0 to 3 are below, right, above, left. */
const CROSSED = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];

/**
 * @param {number[][]} grid value at [i][j], i to the right and j up
 * @param {number} level
 * @returns {number[][]} pieces of the line: x1, y1, x2, y2 in units of the grid
 */
export function contour(grid, level) {
  const pieces = [];
  for (let i = 0; i + 1 < grid.length; i += 1) {
    for (let j = 0; j + 1 < grid[i].length; j += 1) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const values = corners.map(([x, y]) => grid[x][y]);
      const index = values.reduce((sum, value, k) => sum + (value > level ? 2 ** k : 0), 0);
      const crossing = (edge) => {
        const [a, b] = [edge, (edge + 1) % 4];
        const share = (level - values[a]) / (values[b] - values[a]);
        return [0, 1].map((k) => corners[a][k] + share * (corners[b][k] - corners[a][k]));
      };
      for (const [from, to] of CROSSED[index]) pieces.push([...crossing(from), ...crossing(to)]);
    }
  }
  return pieces;
}
