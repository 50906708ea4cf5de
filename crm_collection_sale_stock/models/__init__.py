from . import phase, sale_order, stock_picking, stock_move
