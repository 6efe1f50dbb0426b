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

COMPARISONS := datagen_vs_dlio sample_cost barrier training_vs_fio checkpoint_vs_fio \
	"kvcache_vs_fio --op read" "kvcache_vs_fio --op write --layout slab" "kvcache_vs_fio --op write" kvcache_repeat \
	collection judging sampling parity history page vectordb_harness

bench: .venv/dev .venv-dlio/run  ## the performance comparisons of docs/performance.md: all of them, whatever one misses
	@missed=; for comparison in $(COMPARISONS); do \
		echo "== $$comparison"; \
		$(BIN)/python -m bench.$$comparison || missed="$$missed; $$comparison"; \
	done; test -z "$$missed" || { echo "missed a bar$$missed"; exit 1; }

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
