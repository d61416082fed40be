locals {
  attributes = toset(concat(
    [var.hash_key, var.range_key],
    values(var.indexes)[*].hash_key,
    values(var.indexes)[*].range_key,
  ))
}

resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = var.hash_key
  range_key    = var.range_key
  tags         = var.deployment.tags

  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = local.attributes

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes

    # Later 6.x providers warn that key_schema should be used here, but 5.100 supports only these arguments.
    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = global_secondary_index.value.projection
      non_key_attributes = global_secondary_index.value.non_key_attributes
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true # false would mean a key that AWS owns, which CloudTrail does not show
    kms_key_arn = var.kms_key_arn
  }
}
