/** What a technique aims at where nobody says: one place, for the techniques, the recipe and the search alike. */

/** Share of zeros in a pruned kernel. */
export const defaultSparsity = 0.5;
/** Values that a clustered kernel may take. */
export const defaultClusters = 16;
