/** A layer's numbers in words. */

/** 25557032 as 25,557,032. */
export const grouped = (n) => n.toLocaleString('en-GB');

/** How a layer's numbers follow from its shapes, and what one of its outputs sees. */
export function explained({row, inputShape, weights}) {
  const places = row.outputShape.slice(0, 2).join('x');
  const field = row.receptiveField
    ? `One number of its output depends on ${row.receptiveField}x${row.receptiveField} pixels of the image.`
    : 'Its output depends on the whole image.';
  const units = row.outputShape.at(-1);
  if (row.kind === 'Conv2D') {
    const k = row.kernelSize;
    const inputs = weights / (k * k * units);
    const bias = row.parameters - weights;
    return `${k}x${k} kernel, ${inputs} channel${inputs === 1 ? '' : 's'} in${inputs === inputShape.at(-1) ? '' : ' (those of its group)'}, ${units} out: ${k} × ${k} × ${inputs} × ${units}${bias ? ` + ${bias}` : ''} = ${grouped(row.parameters)} parameters. `
      + `At ${places} places: ${grouped(weights)} × ${grouped(row.multiplyAdds / weights)} = ${grouped(row.multiplyAdds)} multiply-adds. ${field}`;
  }
  if (row.kind === 'Dense') {
    return `${inputShape.at(-1)} × ${units} weights and ${units} biases: ${grouped(row.parameters)} parameters, ${grouped(row.multiplyAdds)} multiply-adds. ${field}`;
  }
  const own = row.parameters ? `${row.parameters / units} for each of ${units} channels: ${grouped(row.parameters)} parameters` : 'No parameters';
  return `${own}. No multiply-adds are counted. ${field}`;
}
