"""Tests of the results writer, on files of several writers and on XML made by hand."""
