// Which epsilons of a grid are measured first, so that the others can be interpolated. docs/statistics.md.
#pragma once

#include <span>
#include <vector>

namespace tugline {

// The epsilons of `grid` except 0, so that the first n of them, for every n, lie about as Chebyshev nodes do:
// the first is the largest, and each further one has the largest product of distances to those before it
// (Leja points of the grid).
[[nodiscard]] std::vector<double> node_order(std::span<const double> grid);

// The most of the nodes that are worth measuring: nine if all lie on one side of 0, thirteen if they lie on
// both; all, if there are not more. On SmolLM2 the others are then predicted to 2e-4 of a mean KL, and to
// 2e-3 of one direction's. A curve that needs more of them is not smooth.
[[nodiscard]] size_t most_nodes(std::span<const double> nodes);

// How well the nodes of a curve agree: the largest relative difference between a response at one of the last
// two nodes and its prediction by all other nodes. `nodes`: in the order of node_order, four at least;
// `responses`: one for each, positive.
[[nodiscard]] double left_out_difference(std::span<const double> nodes, std::span<const double> responses);

}  // namespace tugline
