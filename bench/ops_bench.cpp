// Every operation of the backend that a layer is made of, at the shapes of real models and a batch of 800
// rows.
#include <memory>

#include "support/peak.h"
#include "support/random_model.h"

namespace tugline::bench {
namespace {

constexpr double kFloat = sizeof(float);
constexpr double kSmall = 0.01;  // a difference's size beside activations of 1

double elements(int64_t rows, int64_t columns) { return static_cast<double>(rows * columns); }

std::string title(ModelShape shape, const char* op) { return name_of(shape) + "/" + op; }

void add_linear(ModelShape shape, const char* name, int64_t out, int64_t in, Accumulate accumulate) {
  add(title(shape, name), [=](benchmark::State& state) {
    const auto weight = backend().make_linear(random_linear(out, in, 1));
    const auto dx = random_buffer(backend(), kBatch.total(), in, 2, kSmall);
    const auto y = backend().allocate(kBatch.total(), out);
    backend().prepare_difference(*weight);
    for (auto _ : state) backend().linear_difference(dx->matrix(), *weight, y->matrix(), accumulate);
    count_flops(state, linear_flops(kBatch.total(), out, in));
  });
}

void add_attention(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "attention"), [=](benchmark::State& state) {
    const HeadShape heads = head_shape(config, 0);
    const auto q = random_buffer(backend(), kBatch.total(), config.q_size(), 1);
    const auto k = random_buffer(backend(), kBatch.total(), config.kv_size(), 2);
    const auto v = random_buffer(backend(), kBatch.total(), config.kv_size(), 3);
    const auto prefix_k = random_buffer(backend(), kBatch.first_position, config.kv_size(), 4);
    const auto prefix_v = random_buffer(backend(), kBatch.first_position, config.kv_size(), 5);
    const auto out = backend().allocate(kBatch.total(), config.q_size());
    const AttentionInputs inputs{
        kBatch, heads, q->matrix(), k->matrix(), v->matrix(), prefix_k->matrix(), prefix_v->matrix()};
    for (auto _ : state) backend().attention(inputs, out->matrix());
    count_flops(state, attention_flops(kBatch, heads));
  });
}

void add_rope(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "rope"), [=](benchmark::State& state) {
    const int64_t positions = kBatch.first_position + kBatch.rows;
    const RopeTable table{random_buffer(backend(), positions, config.head_dim / 2, 1),
                          random_buffer(backend(), positions, config.head_dim / 2, 2)};
    const auto x = backend().allocate(kBatch.total(), config.q_size());
    for (auto _ : state) backend().rope(table, kBatch, config.head_dim, x->matrix());
    count_bytes(state, 2 * kFloat * elements(kBatch.total(), config.q_size()));
  });
}

void add_rms_norm(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "rms_norm"), [=](benchmark::State& state) {
    const auto x = random_buffer(backend(), kBatch.total(), config.hidden_size, 1);
    const auto weight = random_buffer(backend(), 1, config.hidden_size, 2);
    const auto out = backend().allocate(kBatch.total(), config.hidden_size);
    for (auto _ : state) backend().rms_norm(x->matrix(), weight->matrix(), config.norm_eps, out->matrix());
    count_bytes(state, 2 * kFloat * elements(kBatch.total(), config.hidden_size));
  });
}

void add_swiglu(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "swiglu"), [=](benchmark::State& state) {
    const auto gate_up = random_buffer(backend(), kBatch.total(), 2 * config.intermediate_size, 1);
    const auto out = backend().allocate(kBatch.total(), config.intermediate_size);
    for (auto _ : state) backend().swiglu(gate_up->matrix(), out->matrix());
    count_bytes(state, 3 * kFloat * elements(kBatch.total(), config.intermediate_size));
  });
}

void add_attention_difference(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "attention_difference"), [=](benchmark::State& state) {
    const HeadShape heads = head_shape(config, 0);
    const int64_t rows = kBatch.rows;
    const auto q = random_buffer(backend(), rows, config.q_size(), 1);
    const auto k = random_buffer(backend(), rows, config.kv_size(), 2);
    const auto v = random_buffer(backend(), rows, config.kv_size(), 3);
    const auto prefix_k = random_buffer(backend(), kBatch.first_position, config.kv_size(), 4);
    const auto prefix_v = random_buffer(backend(), kBatch.first_position, config.kv_size(), 5);
    const AttentionInputs without{{.pushes = 1, .rows = rows, .first_position = kBatch.first_position},
                                  heads,
                                  q->matrix(),
                                  k->matrix(),
                                  v->matrix(),
                                  prefix_k->matrix(),
                                  prefix_v->matrix()};
    const auto base = backend().trace_attention(without);
    const auto dq = random_buffer(backend(), kBatch.total(), config.q_size(), 6, kSmall);
    const auto dk = random_buffer(backend(), kBatch.total(), config.kv_size(), 7, kSmall);
    const auto dv = random_buffer(backend(), kBatch.total(), config.kv_size(), 8, kSmall);
    const auto out = backend().allocate(kBatch.total(), config.q_size());
    const AttentionDifferences inputs{kBatch, dq->matrix(), dk->matrix(), dv->matrix()};
    for (auto _ : state) backend().attention_difference(*base, inputs, out->matrix());
    count_flops(state, attention_difference_flops(kBatch, heads));
  });
}

void add_rms_norm_difference(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "rms_norm_difference"), [=](benchmark::State& state) {
    const auto base = random_buffer(backend(), kBatch.rows, config.hidden_size, 1);
    const auto weight = random_buffer(backend(), 1, config.hidden_size, 2);
    const auto d = random_buffer(backend(), kBatch.total(), config.hidden_size, 3, kSmall);
    const auto out = backend().allocate(kBatch.total(), config.hidden_size);
    for (auto _ : state)
      backend().rms_norm_difference(base->matrix(), weight->matrix(), config.norm_eps, d->matrix(),
                                    out->matrix());
    count_bytes(state, 2 * kFloat * elements(kBatch.total(), config.hidden_size));
  });
}

void add_swiglu_difference(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "swiglu_difference"), [=](benchmark::State& state) {
    const auto gate_up = random_buffer(backend(), kBatch.rows, 2 * config.intermediate_size, 1);
    const auto base = backend().trace_gate(gate_up->matrix());
    const auto d = random_buffer(backend(), kBatch.total(), 2 * config.intermediate_size, 2, kSmall);
    const auto out = backend().allocate(kBatch.total(), config.intermediate_size);
    for (auto _ : state) backend().swiglu_difference(*base, d->matrix(), out->matrix());
    count_bytes(state, 3 * kFloat * elements(kBatch.total(), config.intermediate_size));
  });
}

// The copies at a replay's ends: the baseline's rows to every push, each push's vector, the rows that are
// read.
void add_batch_ends(ModelShape shape, const ModelConfig& config) {
  add(title(shape, "batch_ends"), [=](benchmark::State& state) {
    const auto base = random_buffer(backend(), kBatch.rows, config.hidden_size, 1);
    const auto vectors = random_buffer(backend(), kBatch.pushes, config.hidden_size, 2);
    const auto x = backend().allocate(kBatch.total(), config.hidden_size);
    const auto read = backend().allocate(kBatch.total(), config.hidden_size);
    for (auto _ : state) {
      backend().repeat(base->matrix(), x->matrix());
      backend().add_to_first_rows(vectors->matrix(), kBatch, x->matrix());
      backend().select_rows(x->matrix(), kBatch, 0, read->matrix());
    }
    count_bytes(state, 3 * kFloat * elements(kBatch.total(), config.hidden_size));
  });
}

// A buffer far larger than any cache: what elementwise work has to live on.
void add_copy() {
  add("memory/copy", [](benchmark::State& state) {
    constexpr int64_t kRows = 8192;
    constexpr int64_t kColumns = 8192;
    const auto from = random_buffer(backend(), kRows, kColumns, 1);
    const auto to = backend().allocate(kRows, kColumns);
    for (auto _ : state) backend().copy(from->matrix(), to->matrix());
    count_bytes(state, 2 * kFloat * elements(kRows, kColumns));
  });
}

void add_shape(ModelShape shape) {
  const ModelConfig config = config_of(shape, 1);
  const int64_t hidden = config.hidden_size;
  add_linear(shape, "qkv", config.q_size() + 2 * config.kv_size(), hidden, Accumulate::kNo);
  add_linear(shape, "output", hidden, config.q_size(), Accumulate::kYes);
  add_linear(shape, "gate_up", 2 * config.intermediate_size, hidden, Accumulate::kNo);
  add_linear(shape, "down", hidden, config.intermediate_size, Accumulate::kYes);
  add_attention(shape, config);
  add_rope(shape, config);
  add_rms_norm(shape, config);
  add_swiglu(shape, config);
  add_attention_difference(shape, config);
  add_rms_norm_difference(shape, config);
  add_swiglu_difference(shape, config);
  add_batch_ends(shape, config);
}

}  // namespace

void add_benchmarks() {
  add_copy();
  add_shape(ModelShape::kSmolLm2_135M);
  add_shape(ModelShape::kDeepSeekR1Qwen_1_5B);
}

}  // namespace tugline::bench
