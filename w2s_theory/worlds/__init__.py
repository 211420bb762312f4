"""Where instances come from: one synthetic world a file, all under one interface."""
