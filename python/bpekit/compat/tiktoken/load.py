"""`tiktoken.load`; nothing is downloaded but by `download`."""

from bpekit.compat._load import check_hash as check_hash
from bpekit.compat._load import data_gym_to_mergeable_bpe_ranks as data_gym_to_mergeable_bpe_ranks
from bpekit.compat._load import download as download
from bpekit.compat._load import dump_tiktoken_bpe as dump_tiktoken_bpe
from bpekit.compat._load import load_tiktoken_bpe as load_tiktoken_bpe
from bpekit.compat._load import read_file as read_file
from bpekit.compat._load import read_file_cached as read_file_cached
