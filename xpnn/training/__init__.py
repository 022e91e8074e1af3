"""How a network learns: the parts behind `xpnn.Network`, each small enough to read alone."""
