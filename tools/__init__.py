"""Tools of this repository: what is made from the contract and from pyproject.toml. The service knows nothing of them."""
