/** Who reads a report: a person at a terminal, or one who looks at a run of a workflow, its comment, its summary or its issue. */
export type Reader = 'runner' | 'terminal';
