//! Text-level decisions; what statements mean is tested where it is analysed.
