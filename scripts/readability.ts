import { readFileSync } from 'node:fs';
import { fleschKincaid } from 'flesch-kincaid';
import type { Nodes, Parents } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { syllable } from 'syllable';

/** How hard a page is to read. */
export interface Readability {
  readonly words: number;
  /** The years of school that a reader needs, by Flesch and Kincaid (1975). */
  readonly grade: number;
  readonly wordsPerSentence: number;
  /** The share of sentences with more than 25 words. */
  readonly long: number;
}

/** Measures the prose of a Markdown page: code blocks are left out, and code within a sentence counts as one word of one syllable. */
export function readabilityOf(markdown: string): Readability {
  const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const sentences = passages(tree).flatMap(sentencesOf);
  const words = sentences.flat();
  const counts = {
    sentence: sentences.length,
    word: words.length,
    syllable: words.reduce((sum, word) => sum + syllablesOf(word), 0),
  };
  return {
    words: words.length,
    grade: fleschKincaid(counts),
    wordsPerSentence: words.length / sentences.length,
    long: sentences.filter(({ length }) => length > 25).length / sentences.length,
  };
}

/** The words of the field, which every reader knows however long they are. They count as one syllable. */
const field =
  /^(authenticat|certificat|command|common|configur|connect|container|deploy|device|directory|environment|identity|input|installer|iot|manifest|operation|output|permission|policy|primary|private|provision|public|registry|repository|secondary|severity|signature|terminal|thumbprint|vulnerab|workflow|artifact)/i;

function syllablesOf(text: string): number {
  return field.test(text) ? 1 : Math.max(1, syllable(text));
}

/** Texts that end for themselves: a paragraph, a heading, a cell of a table. */
function passages(node: Nodes): readonly string[] {
  if (node.type === 'paragraph' || node.type === 'heading' || node.type === 'tableCell') return [textOf(node)];
  return 'children' in node ? node.children.flatMap(passages) : [];
}

function textOf(node: Parents): string {
  const parts = node.children.map((child) => {
    if (child.type === 'inlineCode') return 'code';
    if (child.type === 'text') return child.value;
    return 'children' in child ? textOf(child) : ' ';
  });
  return parts.join('');
}

const sentence = new Intl.Segmenter('en', { granularity: 'sentence' });
const word = new Intl.Segmenter('en', { granularity: 'word' });

/** The words of each sentence. What has fewer than three words is a label. */
function sentencesOf(text: string): readonly (readonly string[])[] {
  return [...sentence.segment(text)]
    .map(({ segment }) => [...word.segment(segment)].filter(({ isWordLike }) => isWordLike).map((part) => part.segment))
    .filter(({ length }) => length > 2);
}

if (import.meta.main) {
  const pages = process.argv.slice(2);
  console.log('words  grade  words/sentence  over 25 words  page');
  for (const page of pages) {
    const { words, grade, wordsPerSentence, long } = readabilityOf(readFileSync(page, 'utf8'));
    const cells = [
      String(words).padStart(5),
      grade.toFixed(1).padStart(5),
      wordsPerSentence.toFixed(1).padStart(14),
      `${(long * 100).toFixed(0)}%`.padStart(13),
    ];
    console.log([...cells, page].join('  '));
  }
}
