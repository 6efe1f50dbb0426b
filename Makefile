# One verb a task. Each makes .venv from the lock when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: quick test check bench docs lock dlio clean

quick: .venv/run  ## run every family on small sizes; leaves report.html and report.xml
	$(BIN)/pytest suites --quick --html=report.html --junitxml=report.xml

test: .venv/dev .venv-dlio/run  ## the project's own tests: lint, types and docs included
	$(BIN)/pytest

check: .venv/dev  ## lint, types, layers and docs alone
	$(BIN)/pytest tests/house/test_house.py tests/house/test_docs.py

bench: .venv/dev .venv-dlio/run  ## the performance comparisons of docs/performance.md
	$(BIN)/python -m bench.datagen_vs_dlio
	$(BIN)/python -m bench.sample_cost
	$(BIN)/python -m bench.barrier
	$(BIN)/python -m bench.training_vs_fio
	$(BIN)/python -m bench.checkpoint_vs_fio
	$(BIN)/python -m bench.kvcache_vs_fio --op read
	$(BIN)/python -m bench.kvcache_vs_fio --op write --layout slab
	$(BIN)/python -m bench.kvcache_vs_fio --op write
	$(BIN)/python -m bench.kvcache_repeat
	$(BIN)/python -m bench.collection
	$(BIN)/python -m bench.judging
	$(BIN)/python -m bench.sampling
	$(BIN)/python -m bench.parity
	$(BIN)/python -m bench.history
	$(BIN)/python -m bench.page
	$(BIN)/python -m bench.vectordb_harness

dlio: .venv-dlio/run  ## an environment of its own with DLIO 2.0.0 and without GPU packages, for --engine=dlio

docs: .venv/dev  ## write the generated references anew
	$(BIN)/python docs/generate.py

lock: .venv/dev  ## pin the newest versions that work together
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --group dev --group pgvector --group elasticsearch --group zvec --group kvcache-backends -o requirements-dev.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --group dlio -o requirements-dlio.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --group kvcache-backends -o requirements-kvcache-backends.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --group pgvector -o requirements-pgvector.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --group milvus -o requirements-milvus.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --group elasticsearch -o requirements-elasticsearch.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml --group zvec -o requirements-zvec.lock

clean:  ## remove the environment and what runs left here
	rm -rf .venv .venv-dlio .quick results report.html report.xml

.venv/run: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

.venv/dev: requirements-dev.lock .venv/run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

# The lock is whole; --no-deps keeps pip from what [tool.uv] excludes.
.venv-dlio/run: requirements-dlio.lock
	test -x .venv-dlio/bin/python || $(PYTHON) -m venv .venv-dlio
	.venv-dlio/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-dlio.lock
	touch $@
