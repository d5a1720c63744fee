"""The learning half of byte-pair encoding: count pairs of neighbours, merge the most frequent, count again.

Counting everything anew for each merge would cost (merges x text). Only pre-tokens that hold the merged pair
change, so the counts are kept up to date for these alone, and a heap hands out the most frequent pair. An
entry of the heap whose count is out of date is recognised and dropped when it comes up.
"""

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable

Pair = tuple[bytes, bytes]


def learn_merges(pretokens: Iterable[bytes], num_new: int) -> list[Pair]:
    """The merges that make `num_new` new tokens, fewer if no pair is left that occurs twice."""
    frequencies = Counter(pretokens)
    words = [[bytes([byte]) for byte in pretoken] for pretoken in frequencies]
    counts = list(frequencies.values())
    pair_counts: Counter[Pair] = Counter()
    words_with: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, word in enumerate(words):
        for pair in itertools.pairwise(word):
            pair_counts[pair] += counts[index]
            words_with[pair].add(index)
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapq.heapify(heap)

    merges: list[Pair] = []
    made: set[bytes] = set()
    while heap and len(made) < num_new:
        negative_count, pair = heapq.heappop(heap)
        if -negative_count != pair_counts[pair]:
            continue  # out of date: a newer entry is in the heap
        if pair_counts[pair] < 2:
            break
        merges.append(pair)
        made.add(pair[0] + pair[1])
        changed: Counter[Pair] = Counter()
        for index in words_with.pop(pair):
            before = words[index]
            after = words[index] = apply_merge(before, pair)
            for old in itertools.pairwise(before):
                changed[old] -= counts[index]
            for new in itertools.pairwise(after):
                changed[new] += counts[index]
                words_with[new].add(index)
        for other, difference in changed.items():
            if difference:
                pair_counts[other] += difference
                heapq.heappush(heap, (-pair_counts[other], other))
    return merges


def apply_merge(pieces: list[bytes], pair: Pair) -> list[bytes]:
    """Join every occurrence of `pair`, from left to right."""
    merged: list[bytes] = []
    position = 0
    while position < len(pieces):
        if position + 1 < len(pieces) and (pieces[position], pieces[position + 1]) == pair:
            merged.append(pair[0] + pair[1])
            position += 2
        else:
            merged.append(pieces[position])
            position += 1
    return merged
