// Which epsilons of a grid are measured first, so that the others can be interpolated. docs/statistics.md.
#pragma once

#include <span>
#include <vector>

namespace tugline {

// The epsilons of `grid` except 0, so that the first n of them, for every n, lie about as Chebyshev nodes do:
// the first is the largest, and each further one has the largest product of distances to those before it
// (Leja points of the grid).
[[nodiscard]] std::vector<double> node_order(std::span<const double> grid);

// How well the nodes of a curve agree: the largest relative difference between a response at one of the last
// two nodes and its prediction by all other nodes. `nodes`: in the order of node_order, four at least;
// `responses`: one for each, positive.
[[nodiscard]] double left_out_difference(std::span<const double> nodes, std::span<const double> responses);

}  // namespace tugline
