"""Text: tokenizers, taught and used."""

from kvist.text.stream_decoder import StreamDecoder as StreamDecoder
from kvist.text.tokenizer import Tokenizer as Tokenizer
