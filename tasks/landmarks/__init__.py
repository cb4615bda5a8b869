"""Where the features of a face lie, found in the picture by two small networks.

Start reading at `find`. May import: pictures and below. The networks' data come with the extra
`landmarks`; OpenCV runs them.
"""
