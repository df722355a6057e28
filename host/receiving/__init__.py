"""Receiving kits: what a scanner, a typed pack or a file says about them, and the labels they get.

Pure: text and bytes come in, facts, doubts and bytes go out. Nothing is stored or asked here.

    scan -> wedge.undo -> gs1.read -> Scan         one beep of a scanner
    file -> table.read_kits         -> KitLine     many kits from a CSV file
            printed                                dates and product numbers as packs print them
            session                                what was said before, so that nothing is asked twice
            numbers                                the numbers that kits are given
            labels.sheet                           a printable sheet of kit labels
"""
