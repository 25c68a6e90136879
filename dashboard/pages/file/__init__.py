"""The parts of a case's file, each a pure builder of its view."""
