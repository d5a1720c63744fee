"""Text: tokenizers, taught and used."""

from kvist.text.bpe import BytePairEncoding as BytePairEncoding
from kvist.text.bpe import train_bpe as train_bpe
from kvist.text.stream_decoder import StreamDecoder as StreamDecoder
from kvist.text.tokenizer import Tokenizer as Tokenizer
