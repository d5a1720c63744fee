"""Decoding: from logits to tokens to text."""

from kvist.decode.generate import LanguageModel as LanguageModel
from kvist.decode.generate import decode_step as decode_step
from kvist.decode.generate import generate_tokens as generate_tokens
from kvist.decode.generate import prefill as prefill
from kvist.decode.params import SamplingParams as SamplingParams
from kvist.decode.prefix import PrefixPrefill as PrefixPrefill
from kvist.decode.prefix import prefill_with_prefix_cache as prefill_with_prefix_cache
from kvist.decode.sampling import filter_logits as filter_logits
from kvist.decode.sampling import sample as sample
from kvist.decode.speculative import accept_drafts as accept_drafts
from kvist.decode.speculative import expected_tokens as expected_tokens
from kvist.decode.speculative import next_distribution as next_distribution
from kvist.decode.stream import Generation as Generation
from kvist.decode.stream import TextStream as TextStream
from kvist.decode.stream import generate as generate
from kvist.decode.stream import stream as stream
