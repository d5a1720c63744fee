"""Training of small language models."""

from kvist.train.checkpoint import save_checkpoint as save_checkpoint
from kvist.train.corpus import expand as expand
from kvist.train.corpus import hold_out as hold_out
from kvist.train.corpus import read_documents as read_documents
from kvist.train.corpus import token_stream as token_stream
from kvist.train.lm import TrainReport as TrainReport
from kvist.train.lm import TrainSettings as TrainSettings
from kvist.train.lm import held_out_loss as held_out_loss
from kvist.train.lm import next_token_loss as next_token_loss
from kvist.train.lm import train as train
from kvist.train.lm import unigram_loss as unigram_loss
from kvist.train.tiny import TinyCorpus as TinyCorpus
from kvist.train.tiny import tiny_corpus as tiny_corpus
