/**
 * Runs the explorer's own module for the test: `node explorer_rows.mjs NETWORKS CASES`.
 * CASES is a list of choices; prints, line by line, its rows and sums or its error.
 */
import {readFileSync} from 'node:fs';
import {byStage, layers, totals, usual, variant} from '../../book/interactive/served/explorer/counting.js';

const [data, cases] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
for (const choice of cases) {
  let result;
  try {
    if (choice.usual) {
      result = usual(data, choice.network);
    } else {
      const rows = layers(data, choice);
      const stages = byStage(rows).map((stage) => Object.values({...stage, rows: stage.rows.length}));
      const sums = totals(data, choice, rows);
      result = {name: variant(data, choice).name, rows: rows.map(Object.values), sums, stages};
    }
  } catch (error) {
    result = {error: error.message};
  }
  console.log(JSON.stringify(result));
}
