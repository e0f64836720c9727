/** Area under the ROC curve by ranks (Mann-Whitney); equal scores count half. Undefined when one class is missing, or a score is NaN. */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<boolean>): number | undefined {
  // NaN has no rank.
  if (Array.from(scores).some(Number.isNaN)) return undefined;
  const order = Array.from({ length: scores.length }, (_, index) => index).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) {
      if (positive[order[i] ?? 0] === true) {
        positives++;
        rankSum += rank;
      }
    }
    start = end;
  }
  const negatives = scores.length - positives;
  return positives === 0 || negatives === 0 ? undefined : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
